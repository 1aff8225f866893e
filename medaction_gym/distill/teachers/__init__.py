"""Teachers: who proposes what at a node of the tree."""

from medaction_gym.distill.teachers.base import TEACHERS, Teacher, TeacherError, make_teacher
from medaction_gym.distill.teachers.endpoint import Endpoint

__all__ = ["TEACHERS", "Endpoint", "Teacher", "TeacherError", "make_teacher"]
