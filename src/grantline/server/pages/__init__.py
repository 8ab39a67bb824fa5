"""The pages. Each room's ``routes`` says what answers where; a page of one file has ``ROUTES``.

``connections``, ``credentials``, ``requests`` and ``scenarios`` are rooms. ``providers``,
``history``, ``settings``, ``notice_settings``, ``setup`` and ``signin`` are one file each.
``list_pages`` and ``returning`` are what several rooms need: pages of lists, and the way back.
"""
