"""What does the network see inside?"""
