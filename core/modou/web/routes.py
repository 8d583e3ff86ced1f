"""Every address of the core, its name and the factory of its context.

Routes come in the order in which they are tried: fixed words before placeholders. What is asked for
most comes first; there the placeholders take nothing but an id.
"""

from pyramid.config import Configurator

from modou.web import resources as r

#: What `modou.store.containers.encode_id` gives.
_ID = "[0-9a-z]{13}"

ROUTES = (
    # what is asked for most
    ("home", "/", r.site),
    ("activity", f"/courses/{{course:{_ID}}}/a/{{activity:{_ID}}}", r.activity),
    ("course", f"/courses/{{course:{_ID}}}", r.course),
    ("my_courses", "/my/courses", r.site),
    # the front
    ("preferences", "/preferences", r.site),
    ("theme_css", "/theme/{version}.css", r.site),
    ("theme_picture", "/theme/{version}/{name}.png", r.site),
    # signing in, accounts
    ("login", "/login", r.site),
    ("logout", "/logout", r.site),
    ("register", "/register", r.site),
    ("forgot", "/forgot", r.site),
    ("reset", "/reset/{token}", r.site),
    ("confirm_email", "/confirm/{token}", r.site),
    ("profile", "/profile", r.site),
    ("profile_identity", "/profile/identity", r.site),
    ("profile_password", "/profile/password", r.site),
    ("profile_sessions", "/profile/sessions", r.site),
    ("profile_consents", "/profile/consents", r.site),
    ("profile_data", "/profile/data", r.site),
    ("consents", "/consents", r.site),
    ("consent", "/consents/{consent}", r.site),
    ("profile_tokens", "/profile/tokens", r.site),
    # courses
    ("catalogue", "/courses", r.site),
    ("my_grades", "/my/grades", r.site),
    ("my_study", "/my/study", r.site),
    ("course_new", "/courses/new", r.site),
    ("category", "/categories/{category}", r.category),
    ("course_about", "/courses/{course}/about", r.course),
    ("course_edit", "/courses/{course}/edit", r.course),
    ("course_publish", "/courses/{course}/publish", r.course),
    ("course_delete", "/courses/{course}/delete", r.course),
    ("course_cover", "/courses/{course}/cover/{size}.{revision}.webp", r.course),
    ("course_outline", "/courses/{course}/outline", r.course),
    ("course_order", "/courses/{course}/order", r.course),
    ("section_new", "/courses/{course}/sections/new", r.course),
    ("section_edit", "/courses/{course}/sections/{section}/edit", r.section),
    ("section_delete", "/courses/{course}/sections/{section}/delete", r.section),
    ("activity_new", "/courses/{course}/sections/{section}/new/{type}", r.section),
    ("activity_edit", "/courses/{course}/a/{activity}/edit", r.activity_core),
    ("activity_delete", "/courses/{course}/a/{activity}/delete", r.activity_core),
    ("activity_copy", "/courses/{course}/a/{activity}/copy", r.activity_core),
    ("activity_done", "/courses/{course}/a/{activity}/done", r.activity_core),
    # files
    ("file", "/files/{expires}/{signature}/{file}/{filename}", None),
    ("uploads", "/uploads", r.site),
    ("upload", f"/uploads/{{upload:{_ID}}}", r.site),
    # ways into a course, who takes part
    ("course_enrol", "/courses/{course}/enrol", r.course),
    ("course_leave", "/courses/{course}/leave", r.course),
    ("course_enrol_methods", "/courses/{course}/enrol-methods", r.course),
    ("participants", "/courses/{course}/participants", r.course),
    ("participants_add", "/courses/{course}/participants/add", r.course),
    ("participants_cohort", "/courses/{course}/participants/cohort", r.course),
    ("participants_export", "/courses/{course}/participants-export.{format}", r.course),
    ("participant", "/courses/{course}/participants/{user}", r.enrolment),
    ("course_roster_template", "/courses/{course}/roster/template.xlsx", r.course),
    ("course_roster", "/courses/{course}/roster", r.course),
    ("course_roster_job", "/courses/{course}/roster/{job}", r.course),
    ("course_roster_result", "/courses/{course}/roster/{job}/result.xlsx", r.course),
    # grades
    ("grade_book", "/courses/{course}/grades", r.course),
    ("grade_cell", "/courses/{course}/grades/{user}/{item}", r.course),
    ("grade_history", "/courses/{course}/grades/{user}/{item}/history", r.course),
    ("grade_setup", "/courses/{course}/grades-setup", r.course),
    ("grade_item_new", "/courses/{course}/grades-setup/items/new", r.course),
    ("grade_item", "/courses/{course}/grades-setup/items/{item}", r.course),
    ("grade_category_new", "/courses/{course}/grades-setup/categories/new", r.course),
    ("grade_category", "/courses/{course}/grades-setup/categories/{item}", r.course),
    ("grade_order", "/courses/{course}/grades-setup/order", r.course),
    ("grade_scale", "/courses/{course}/grades-setup/scale", r.course),
    ("grade_export", "/courses/{course}/grades-export.{format}", r.course),
    ("grade_import", "/courses/{course}/grades-import", r.course),
    ("grade_report", "/courses/{course}/report", r.course),
    ("grade_report_user", "/courses/{course}/report/{user}", r.enrolment),
    # study time
    ("study", "/courses/{course}/study", r.course),
    ("study_class", "/courses/{course}/study-class", r.course),
    ("study_person", "/courses/{course}/study-class/{user}", r.enrolment),
    ("study_correct", "/courses/{course}/study-class/{user}/{activity}/correct", r.enrolment),
    ("study_appeal", "/courses/{course}/study/{activity}/appeal", r.activity_core),
    ("study_papers", "/courses/{course}/study-papers", r.course),
    ("study_lesson", "/courses/{course}/a/{activity}/watching", r.activity_core),
    ("study_rules", "/courses/{course}/study-rules", r.course),
    # cohorts
    ("cohorts", "/cohorts", r.cohorts),
    ("cohort_new", "/cohorts/new", r.site),
    ("cohort", "/cohorts/{cohort}", r.cohort),
    ("cohort_edit", "/cohorts/{cohort}/edit", r.cohort),
    ("cohort_members", "/cohorts/{cohort}/members", r.cohort),
    # administration
    ("admin", "/admin", r.site),
    ("admin_categories", "/admin/categories", r.site),
    ("admin_category_new", "/admin/categories/new", r.site),
    ("admin_category", "/admin/categories/{category}", r.category),
    ("admin_courses", "/admin/courses", r.site),
    ("admin_users", "/admin/users", r.site),
    ("admin_user_new", "/admin/users/new", r.site),
    ("admin_roster", "/admin/roster", r.site),
    ("admin_roster_template", "/admin/roster/template.xlsx", r.site),
    ("admin_roster_job", "/admin/roster/{job}", r.site),
    ("admin_roster_result", "/admin/roster/{job}/result.xlsx", r.site),
    ("admin_user", "/admin/users/{user}", r.user),
    ("admin_user_identity", "/admin/users/{user}/identity", r.user),
    ("admin_user_roles", "/admin/users/{user}/roles", r.user),
    ("admin_user_sessions", "/admin/users/{user}/sessions", r.user),
    ("admin_user_status", "/admin/users/{user}/status", r.user),
    ("admin_invitations", "/admin/invitations", r.site),
    ("admin_roles", "/admin/roles", r.site),
    ("admin_role", "/admin/roles/{role}", r.site),
    ("admin_settings", "/admin/settings", r.site),
    ("admin_study", "/admin/study", r.site),
    ("admin_consents", "/admin/consents", r.site),
    ("admin_theme", "/admin/theme", r.site),
    ("admin_plugins", "/admin/plugins", r.site),
    ("admin_plugin", "/admin/plugins/{plugin}", r.site),
    ("admin_audit", "/admin/audit", r.site),
    ("admin_health", "/admin/health", r.site),
    ("admin_jobs", "/admin/jobs", r.site),
    ("admin_schedule", "/admin/jobs/schedule", r.site),
    ("job_progress", f"/jobs/{{job:{_ID}}}/progress", r.site),
    # machines that watch
    ("healthz", "/healthz", None),
    ("readyz", "/readyz", None),
    ("plugin_stats", "/plugin-stats", None),
)


def includeme(config: Configurator) -> None:
    for name, pattern, factory in ROUTES:
        config.add_route(name, pattern, factory=factory)
