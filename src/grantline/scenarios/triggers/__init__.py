"""What starts a run by itself: schedules and webhooks."""
