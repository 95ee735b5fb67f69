"""What `hailong complaint` does: cases as the topics tell them, actions, and the sealed contact."""
