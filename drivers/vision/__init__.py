"""What the reading of codes in pictures is made of; OpenCV and the readers are imported in here and nowhere above."""
