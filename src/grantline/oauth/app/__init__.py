"""An app: what is known of a service and of our registration there, as values.

- `settings`: the fields of the form. Groups of them are `app_rules`, `assertion_settings`,
  `request_choices` (how requests are made) and `response_rules` (where answers have what).
- `inputs`: the values of one connection put into them; `template` is a text with names in braces,
  `allowed_values` says which values may build a host.
"""
