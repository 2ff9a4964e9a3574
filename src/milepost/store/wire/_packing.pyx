# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""`arrays` and `copy_rows` in machine code: PostgreSQL's binary arrays and the rows of its binary COPY (decision 0025).

Those two modules describe the formats, and do the same in Python.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_Check
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:
    ARRAY_HEAD = 20
    # The bytes of fixed width in a row: the number of columns, three keys, two instants and two numbers, with lengths.
    FIXED = 2 + 8 + 6 * 12
    COLUMNS = 14

cdef int64_t _YEAR_2000_US = 946_684_800_000_000
cdef bytes _SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
cdef bytes _TRAILER = b"\xff\xff"


def int4s(int kind, values):
    """Return *values* of 32 bits each as a packed array; *kind* is PostgreSQL's number for the type of the items."""
    cdef Py_ssize_t count = len(values)
    packed = PyBytes_FromStringAndSize(NULL, ARRAY_HEAD + count * 8)
    cdef char* at = _head(PyBytes_AS_STRING(packed), kind, count, False)
    cdef int32_t value
    for item in values:
        value = item
        at = _put4(_put4(at, 4), value)
    return packed


def int8s(int kind, values):
    """Return *values* of 64 bits each as a packed array; *kind* is as for `int4s`."""
    cdef Py_ssize_t count = len(values)
    packed = PyBytes_FromStringAndSize(NULL, ARRAY_HEAD + count * 12)
    cdef char* at = _head(PyBytes_AS_STRING(packed), kind, count, False)
    cdef int64_t value
    for item in values:
        value = item
        at = _put8(_put4(at, 8), value)
    return packed


def of_bytes(int kind, list values):
    """Return *values* as a packed array: texts, bytes or None; *kind* is as for `int4s`."""
    cdef Py_ssize_t size = 0, count = len(values), length
    cdef bint has_null = False
    for item in values:
        size += 4
        if item is None:
            has_null = True
        else:
            _content(item, &length)
            size += length
    packed = PyBytes_FromStringAndSize(NULL, ARRAY_HEAD + size)
    cdef char* at = _head(PyBytes_AS_STRING(packed), kind, count, has_null)
    for item in values:
        at = _put_column(at, item)
    return packed


def rows(list events):
    """Return *events* (tuples of the columns of `copy_events`, instants since 1970) in the binary COPY format."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(_SIGNATURE) + PyBytes_GET_SIZE(_TRAILER), length
    cdef int64_t number
    cdef int place
    cdef tuple event
    for event in events:
        if len(event) != COLUMNS:
            raise ValueError(f"a row of {len(event)} columns in place of {COLUMNS}")
        size += FIXED
        for place in range(7, COLUMNS):
            size += 4
            if event[place] is not None:
                _content(event[place], &length)
                size += length
    packed = PyBytes_FromStringAndSize(NULL, size)
    cdef char* at = PyBytes_AS_STRING(packed)
    at = _put(at, PyBytes_AS_STRING(_SIGNATURE), PyBytes_GET_SIZE(_SIGNATURE))
    for event in events:
        at[0] = 0
        at[1] = COLUMNS
        number = event[0]
        at = _put4(_put4(at + 2, 4), <int32_t> number)
        for place in range(1, 7):
            number = event[place]
            at = _put8(_put4(at, 8), number - _YEAR_2000_US if 3 <= place <= 4 else number)
        for place in range(7, COLUMNS):
            at = _put_column(at, event[place])
    _put(at, PyBytes_AS_STRING(_TRAILER), PyBytes_GET_SIZE(_TRAILER))
    return packed


cdef char* _head(char* at, int kind, Py_ssize_t count, bint has_null) noexcept:
    return _put4(_put4(_put4(_put4(_put4(at, 1), has_null), kind), <int32_t> count), 1)


cdef const char* _content(value, Py_ssize_t* length) except NULL:
    if PyUnicode_Check(value):
        return PyUnicode_AsUTF8AndSize(value, length)
    if not isinstance(value, bytes):
        raise TypeError(f"neither text nor bytes: {value!r}")
    length[0] = PyBytes_GET_SIZE(value)
    return PyBytes_AS_STRING(value)


cdef char* _put_column(char* at, value) except NULL:
    cdef Py_ssize_t length
    cdef const char* start
    if value is None:
        return _put4(at, -1)
    start = _content(value, &length)
    return _put(_put4(at, <int32_t> length), start, length)


cdef inline char* _put(char* at, const char* start, Py_ssize_t length) noexcept:
    memcpy(at, start, length)
    return at + length


cdef inline char* _put4(char* at, int32_t value) noexcept:
    cdef int place
    for place in range(4):
        at[place] = <char> (value >> (24 - 8 * place))
    return at + 4


cdef inline char* _put8(char* at, int64_t value) noexcept:
    cdef int place
    for place in range(8):
        at[place] = <char> (value >> (56 - 8 * place))
    return at + 8
