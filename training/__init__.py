"""Fine-tune timm backbones on folders of pictures: `python -m training --help`."""
