"""The handling of complaints: transitions, legal clocks, and the replay of inputs into the state of a case."""
