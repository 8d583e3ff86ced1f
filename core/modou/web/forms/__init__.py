"""HTML forms (WTForms): the shape of input. Rules of the domain stay in the services."""
