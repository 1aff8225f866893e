"""Teachers: who proposes what at a node of the tree."""

from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.distill.teachers.base import TEACHERS, Teacher, TeacherError, make_teacher

__all__ = ["TEACHERS", "Endpoint", "Teacher", "TeacherError", "make_teacher"]
