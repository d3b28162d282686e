"""Agents, what happens to them, and a summary of it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "agents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, sa.ForeignKey("agents.id"), nullable=False),
    )
    op.create_table(
        "summaries",
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("agent_id", sa.Text, sa.ForeignKey("agents.id"), primary_key=True),
    )


def downgrade():
    op.drop_table("summaries")
    op.drop_table("events")
    op.drop_table("agents")
