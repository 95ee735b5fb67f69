"""The batched Faust transport: one event per fetched partition batch, and a commit that means done."""
