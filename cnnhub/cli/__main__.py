from cnnhub.cli import main

main()
