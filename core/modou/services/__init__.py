"""The verbs: what people do with the models. Plain functions that know no request."""
