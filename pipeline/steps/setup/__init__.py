"""Bringing the pipeline into a repository, and seeing what Google Cloud lacks for a deploy."""
