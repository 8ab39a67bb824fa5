"""The pages of credentials: ``/credentials``. ``form`` is what was typed into that of one."""
