"""What identity providers say: JSON Web Tokens, SAML, and the keys that both are signed with. No tables."""
