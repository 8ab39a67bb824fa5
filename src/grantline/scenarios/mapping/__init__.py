"""What earlier modules gave, filled into the next.

- `request`: an HTTP module's request, ready but for what is read from files; and bodies and headers
  by themselves, for answers.
- `beside`: on a thread, where there is much to go through.
"""
