"""A deployment pipeline for Cloud Run that cannot hurt your users."""
