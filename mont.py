import sys
from PIL import Image
fs=sys.argv[2:]
ims=[Image.open(f) for f in fs]
w,h=ims[0].size; n=4
M=Image.new("RGB",(w*n,h*((len(ims)+n-1)//n)),"white")
for k,im in enumerate(ims): M.paste(im,(w*(k%n),h*(k//n)))
M.save(sys.argv[1])
