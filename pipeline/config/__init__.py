"""What to deploy and what healthy means: ``pipeline.yaml``, read, checked and typed."""

from pipeline.config.json_schema import schema
from pipeline.config.loading import load_config, read_config
from pipeline.config.models import Config

__all__ = ["Config", "load_config", "read_config", "schema"]
