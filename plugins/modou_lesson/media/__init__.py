"""Work on media files: looking into them, cutting, drawing. Knows no database and no request."""
