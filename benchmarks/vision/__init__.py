"""A seeded set of pictures of payment codes on phone screens, and who reads how many of them."""
