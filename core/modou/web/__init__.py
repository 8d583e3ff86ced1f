"""HTTP in, HTML or JSON out.

A request goes one way down and its answer one way up: route -> context (`resources`) -> view
(`views`, with a form of `forms`) -> one verb of `modou.services` -> value -> template or JSON.
Views never touch BTrees or transactions; templates call no services.

What plugins may use of this floor: `modou.web.resources.ActivityContext`,
`modou.web.page.Page` (in templates as `page`), `modou.web.forms.base`, `request.occasion`.
"""
