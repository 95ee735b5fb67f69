"""Behind `hailong complaint`: read cases, send actions, open or destroy the sealed contact."""
