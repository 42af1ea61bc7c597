"""What does one filter see?"""
