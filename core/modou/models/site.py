"""The root of everything a site stores.

::

    root["modou"]            Site
      .users                 Folder[User], with UserIndex beside it
      .sessions              OOBTree: SHA-256 of the cookie's token -> Session
      .login_failures        OOBTree: fingerprint of who tried -> LoginFailures
      .invitations           Folder[Invitation]
      .roles                 OOBTree: name -> Role
      .categories            Folder[Category]; each knows its parent category
      .courses               Folder[Course]; each knows its category
      .course_index          CourseIndex: what lists and search need of all courses
      .cohorts               CohortFolder
      .rosters               Folder[RosterJob]
      .files                 Folder[StoredFile]
      .jobs                  JobStore
      .settings              OOBTree: section -> PersistentMapping of changed settings
      .plugins               OOBTree: plugin name -> PluginData
      .journal               Journal
      .holds                 OOBTree: what is on legal hold -> Hold, None before the first
      .tellers               OOBTree: plugin name -> TellingCursor, None before the first
      .api                   ApiData: tokens and kept answers of the API; None until there are any
      .study                 Study: live sessions, learners, corrections and appeals
"""

from typing import Any, ClassVar

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from persistent.mapping import PersistentMapping

from modou.models.api_tokens import make_api_data
from modou.models.catalogue import CourseIndex
from modou.models.cohorts import CohortFolder
from modou.models.courses import Category, Course
from modou.models.jobs import JobStore
from modou.models.people import Invitation, User, UserIndex
from modou.models.roles import Role, default_roles
from modou.models.rosters import RosterJob
from modou.models.study import Study
from modou.store.containers import Folder, WideOOBTree
from modou.store.files import StoredFile
from modou.store.journal import Journal

#: Key of the site in the database's root.
SITE_KEY = "modou"


class PluginData(OOBTree):
    """Everything that one plugin stores: name -> whatever it likes (persistent).

    The core never reads it, so it survives the plugin's absence."""


class Site(Persistent):
    """See the module's docstring."""

    __name__: ClassVar[str] = ""
    __parent__: ClassVar[Any] = None

    #: Raised with every change of a setting: what is made from settings is cached under it.
    settings_revision: int = 0
    #: Tells whether a keys file is this site's; see `modou.services.keys_check`.
    canary: bytes = b""
    #: Capabilities of plugins whose default roles were given out; see `modou.services.roles`.
    adopted_capabilities: frozenset[str] = frozenset()
    tellers: Any = None
    holds: Any = None
    #: None in sites that are older than the API and never used it.
    api: Any = None
    #: Made when somebody first studies; see `modou.models.study.study_of`.
    study: Study | None = None

    def __init__(self) -> None:
        self.users: Folder[User] = Folder("users", self)
        self.user_index = UserIndex()
        self.sessions = WideOOBTree()
        self.login_failures = WideOOBTree()
        self.invitations: Folder[Invitation] = Folder("invitations", self)
        self.roles = OOBTree()
        for role in default_roles():
            self.roles[role.name] = role
        self.categories: Folder[Category] = Folder("categories", self)
        self.courses: Folder[Course] = Folder("courses", self)
        self.course_index = CourseIndex()
        self.cohorts = CohortFolder("cohorts", self)
        self.rosters: Folder[RosterJob] = Folder("rosters", self)
        self.files: Folder[StoredFile] = Folder("files", self)
        self.jobs = JobStore(self)
        self.settings = OOBTree()
        self.plugins = OOBTree()
        self.journal = Journal()
        self.api = make_api_data()

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        """Names of the roles that `user` has on the site; `now` in seconds UTC."""
        if user is None:
            return ("everyone",)
        return ("member", *user.granted("site", 0))

    def role(self, name: str) -> Role | None:
        return self.roles.get(name)

    def plugin_data(self, plugin: str) -> PluginData:
        """The data of `plugin`, made when first asked for."""
        data: PluginData | None = self.plugins.get(plugin)
        if data is None:
            data = self.plugins[plugin] = PluginData()
        return data

    def settings_of(self, section: str) -> PersistentMapping:
        """Changed settings of a section, made when first asked for (so only ask for writing)."""
        found = self.settings.get(section)
        if found is None:
            found = self.settings[section] = PersistentMapping()
        return found
