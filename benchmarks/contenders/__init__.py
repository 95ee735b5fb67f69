"""What hailong is measured beside, and the work that all of them do."""
