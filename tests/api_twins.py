"""What the portal can do the API can do: for each form of a page, the API operation that does the same.

`tests/test_architecture.py` compares this with the routes. A form that does several things names several operations.
"""

TWINS = {
    "batches.again": ("batches.create",),
    "batches.cancel": ("batches.cancel",),
    "batches.create": ("batches.create",),
    "batches.reset": ("batches.create",),
    "cards.add": ("id_tags.create",),
    "cards.delete": ("id_tags.delete",),
    "cards.edit": ("id_tags.update",),
    "cards.import_file": ("id_tag_imports.create",),
    "cards.set_status": ("id_tags.update",),
    "commands.cancel": ("commands.cancel",),
    "commands.send": ("calls.create",),
    "configuration.send_key": ("calls.create",),
    "configuration_templates.apply": ("configuration_templates.apply",),
    "configuration_templates.create": ("configuration_templates.create",),
    "configuration_templates.delete": ("configuration_templates.delete",),
    "configuration_templates.preview": ("configuration_templates.differences",),
    "configuration_templates.update": ("configuration_templates.update",),
    "inbox.add": ("stations.create",),
    "inbox.allow_no_subprotocol": ("stations.update",),
    "inbox.dismiss": ("refusals.delete", "unknown_cards.delete"),
    "inbox.dismiss_all": ("refusals.delete", "unknown_cards.delete"),
    "inbox.new_password": ("stations.update",),
    "inbox.no_password": ("stations.update",),
    "operators.create": ("operators.create",),
    "operators.disable": ("operators.update",),
    "operators.enable": ("operators.update",),
    "operators.set_password": ("operators.update",),
    "operators.set_role": ("operators.update",),
    "registration.change": ("stations.update",),
    "session_repair.end": ("transaction_repair.end",),
    "session_repair.reopen": ("transaction_repair.reopen",),
    "sessions.resolve": ("orphan_messages.update",),
    "stations.create": ("stations.create",),
    "stations.delete": ("stations.delete",),
    "stations.set_password": ("stations.update",),
    "stations.update": ("stations.update",),
    "tokens.create": ("tokens.create",),
    "tokens.revoke": ("tokens.revoke",),
}

#: What concerns a browser alone: logging in, and what somebody sets for themselves.
WITHOUT_TWIN = {
    "auth.create_first_admin",
    "auth.log_in",
    "auth.logout",
    "profile.change_password",
    "profile.choose_theme",
    "profile.rename",
}
