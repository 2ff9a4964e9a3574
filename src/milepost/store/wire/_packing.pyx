# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The twin of `arrays` and `copying` in machine code: PostgreSQL's binary arrays and the rows of its binary COPY.

Both formats are told of there (decision 0025).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_Check
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:
    ARRAY_HEAD = 20
    # Of a row: the number of columns, three keys, two instants, two numbers, each with its length.
    FIXED = 2 + 8 + 6 * 12
    COLUMNS = 14

cdef int64_t _YEAR_2000_US = 946_684_800_000_000
cdef bytes _SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
cdef bytes _TRAILER = b"\xff\xff"


def int4s(int kind, values):
    """Return the array of *values*, each of 32 bits; *kind* is the server's number for the type of its items."""
    cdef Py_ssize_t count = len(values)
    made = PyBytes_FromStringAndSize(NULL, ARRAY_HEAD + count * 8)
    cdef char* at = _head(PyBytes_AS_STRING(made), kind, count, False)
    cdef int32_t value
    for one in values:
        value = one
        at = _put4(_put4(at, 4), value)
    return made


def int8s(int kind, values):
    """Return the array of *values*, each of 64 bits."""
    cdef Py_ssize_t count = len(values)
    made = PyBytes_FromStringAndSize(NULL, ARRAY_HEAD + count * 12)
    cdef char* at = _head(PyBytes_AS_STRING(made), kind, count, False)
    cdef int64_t value
    for one in values:
        value = one
        at = _put8(_put4(at, 8), value)
    return made


def of_bytes(int kind, list values):
    """Return the array of *values*: texts, their UTF-8, bytes, or None."""
    cdef Py_ssize_t size = 0, count = len(values), length
    cdef bint has_null = False
    for one in values:
        size += 4
        if one is None:
            has_null = True
        else:
            _content(one, &length)
            size += length
    made = PyBytes_FromStringAndSize(NULL, ARRAY_HEAD + size)
    cdef char* at = _head(PyBytes_AS_STRING(made), kind, count, has_null)
    for one in values:
        at = _put_column(at, one)
    return made


def rows(list events):
    """Return all that COPY wants to be sent for *events*: tuples of the columns of `copy_events`, instants since 1970."""
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
    made = PyBytes_FromStringAndSize(NULL, size)
    cdef char* at = PyBytes_AS_STRING(made)
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
    return made


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
