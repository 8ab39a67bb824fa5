"""Grantline keeps OAuth 2.0 connections and makes HTTP requests with them."""

__version__ = "0.1.0"
