"""Teachers: who proposes what at a node of the tree."""

from medaction_gym.distill.teachers.base import TEACHERS, Teacher, make_teacher

__all__ = ["TEACHERS", "Teacher", "make_teacher"]
