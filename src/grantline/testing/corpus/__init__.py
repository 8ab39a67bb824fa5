"""Case corpora: files of one JSON object a line, each an input and what must come of it.

``python -m grantline.testing.corpus FILE...`` runs any of them. ``cases`` loads and judges,
``token_cases`` plays answers of OAuth endpoints, in memory and over real sockets
(``script_server``).
"""
