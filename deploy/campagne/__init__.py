"""Fault campaigns: the real system on real servers, broken at will, judged by a witness from outside."""
