"""What TMDB knows: asked politely, remembered in the database."""
