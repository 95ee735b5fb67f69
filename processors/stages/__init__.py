"""The stages: each connects the pure domain logic to topics. Light on import; `all_stages` builds them."""
