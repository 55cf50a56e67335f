"""Small Qt parts that know nothing of chat."""
