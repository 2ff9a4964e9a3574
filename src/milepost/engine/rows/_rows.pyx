# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, embedsignature=True
"""The twin of `_rows_py.py` in machine code: rows of progress, from their stored bytes to their stored bytes.

Most rows are eight numbers that fit into 64 bits and have no days; those are kept as numbers. Any other row is kept as
the `Progress` that it is, and changed by `_rows_py` (decision 0025). The bytes are those that msgspec makes of
`Progress`, the texts those that it makes of `Entry` and `Outcome`.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy, memmove

import msgspec

from milepost.engine.rows import _rows_py
from milepost.model.lazy import LazyJson, LazyRows, read_entries, read_outcomes
from milepost.model.standing import Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.model.wide import pack

cdef object _decoded = msgspec.msgpack.Decoder(list[Progress], strict=False).decode
cdef object _COUNTED = Reason.COUNTED
cdef object _ACHIEVED = OutcomeKind.ACHIEVED
cdef object _NEVER = 1 << 62
cdef object _tuple = tuple.__new__

cdef enum:
    # OutcomeKind and Reason of model.standing; a test holds them against each other.
    _ENROLLED_KIND = 1
    _ACHIEVED_KIND = 3
    _UNACHIEVED_KIND = 4
    _COUNTED_REASON = 1

ENROLLED, ACHIEVED, UNACHIEVED, COUNTED = _ENROLLED_KIND, _ACHIEVED_KIND, _UNACHIEVED_KIND, _COUNTED_REASON
NEVER = _NEVER

cdef int64_t _NEVER_US = <int64_t> 1 << 62
cdef int64_t _VALUE_MAX = <int64_t> 1 << 61
"""How large a value that is kept as a number may be, so that one more amount cannot overflow."""

cdef enum:
    # The longest text of one entry or outcome: six numbers of twenty digits, and what stands between them.
    TEXT_MAX = 140
    # The longest bytes of one row: eight numbers of nine bytes, and two heads of arrays.
    ROW_MAX = 74


cdef struct Row:
    int64_t target_id
    int64_t period_id
    int64_t value
    int64_t enrolled_at
    int64_t updated_at
    int64_t achieved_at
    int64_t achieved_by
    int64_t triggers
    # The row itself where it is no eight numbers; owned. The other fields but the key then mean nothing.
    PyObject* boxed


cdef struct Text:
    char* start
    Py_ssize_t size
    Py_ssize_t room


cdef class Journal:
    """The text of a JSON array: what an event changed or led to, in order."""

    cdef Text text
    cdef Py_ssize_t count
    cdef object decoder

    def __cinit__(self, decoder):
        """Begin with nothing; *decoder* reads the finished text."""
        self.decoder = decoder

    def __dealloc__(self):
        PyMem_Free(self.text.start)

    def append(self, item):
        """Note *item*, an `Entry` or an `Outcome`."""
        cdef bint first = True
        _begin_item(&self.text)
        for field in item.__struct_fields__:
            if not first:
                _put(&self.text, c",")
            first = False
            _write_object(&self.text, getattr(item, field))
        _end_item(self)

    def take(self):
        """Return the items noted since this was called last."""
        if not self.count:
            return ()
        made = LazyJson(self.array(), self.decoder)
        self.text.size = 0
        self.count = 0
        return made

    def __iter__(self):
        return iter(self.decoder.decode(self.array())) if self.count else iter(())

    def __len__(self):
        return self.count

    cdef bytes array(self):
        """Return the text as a whole array."""
        cdef bytes made
        _make_room(&self.text, 1)
        self.text.start[self.text.size] = c"]"
        return PyBytes_FromStringAndSize(self.text.start, self.text.size + 1)


cdef class Rows:
    """Rows of progress by their keys, with the entries and outcomes of the event that changes them."""

    cdef Row* rows
    cdef Py_ssize_t count
    cdef Py_ssize_t room
    cdef readonly Journal entries
    cdef readonly Journal outcomes

    def __cinit__(self, progress):
        """Begin with *progress*, which stays as it is."""
        self.entries = Journal(read_entries)
        self.outcomes = Journal(read_outcomes)
        if type(progress) is LazyRows:
            if not self.unpack(progress.body):
                self.clear()
                for row in _decoded(progress.body):
                    self.put(row)
        else:
            for row in progress.values():
                self.put(row)

    def __dealloc__(self):
        self.clear()
        PyMem_Free(self.rows)

    def get(self, key):
        """Return the row of *key*, if there is one."""
        cdef Row* row = self.find(key[0], key[1])
        return None if row == NULL else _progress(row)

    def __getitem__(self, key):
        cdef Row* row = self.find(key[0], key[1])
        if row == NULL:
            raise KeyError(key)
        return _progress(row)

    def __setitem__(self, key, row):
        self.put(row)

    def __delitem__(self, key):
        cdef Row* row = self.find(key[0], key[1])
        if row == NULL:
            raise KeyError(key)
        Py_XDECREF(row.boxed)
        self.count -= 1
        memmove(row, row + 1, (self.count - (row - self.rows)) * sizeof(Row))

    def __contains__(self, key):
        return self.find(key[0], key[1]) != NULL

    def __iter__(self):
        cdef Py_ssize_t place
        # ProgressKey(…) would make the same by a call of Python's.
        return iter(
            [_tuple(ProgressKey, (self.rows[place].target_id, self.rows[place].period_id)) for place in range(self.count)]
        )

    def __len__(self):
        return self.count

    def add(self, targets, amount, cause, reason=_COUNTED, stated=None, achieved=_ACHIEVED, bint revokes=False):
        """Add *amount* to the row of each of *targets*; `_rows_py.Rows.add` says what that means."""
        cdef int64_t closing = _NEVER_US, log_id = 0
        stated = amount if stated is None else stated
        self.add_each(targets, amount, cause, reason, stated, achieved, revokes, &closing, &log_id)
        return closing

    def accumulate(self, contributions, cause):
        """Add each of *contributions*; see `add`."""
        cdef int64_t closing = _NEVER_US, log_id = 0
        for one in contributions:
            targets, amount = <object> PyTuple_GET_ITEM(one, 0), <object> PyTuple_GET_ITEM(one, 1)
            self.add_each(targets, amount, cause, _COUNTED, amount, _ACHIEVED, False, &closing, &log_id)
        return closing

    def frozen(self):
        """Return the rows as they are now, packed; later changes leave the result alone."""
        return LazyRows(self.packed())

    cdef int add_each(
        self, targets, amount, cause, reason, stated, achieved, bint revokes, int64_t* closing, int64_t* log_id
    ) except -1:
        """Do what `add` says; *closing* is lowered to the first end of a period in which a row begins.

        *log_id* is the number of the event, 0 as long as no row has asked for it: it is a hash, and many rows may ask.
        """
        cdef int64_t moved, at = cause.at, received_at = cause.received_at
        cdef int overflow
        cdef bint reached, is_stated = stated is not amount
        cdef int reason_number = reason, achieved_kind = achieved
        cdef Row* row
        moved = PyLong_AsLongLongAndOverflow(amount, &overflow)
        if overflow or not -_VALUE_MAX < moved < _VALUE_MAX:
            overflow = 1
        for target in targets:
            row = self.row(<object> PyTuple_GET_ITEM(target, 0), <object> PyTuple_GET_ITEM(target, 1), at, received_at)
            if row.updated_at < 0:
                closing[0] = min(closing[0], <int64_t> (<object> PyTuple_GET_ITEM(target, 3)))
                row.updated_at = received_at
            if overflow or row.boxed != NULL:
                self.add_to_boxed(target, amount, cause, reason, stated, achieved, revokes)
                continue
            goal = <object> PyTuple_GET_ITEM(target, 2)
            _begin_item(&self.entries.text)
            _write(&self.entries.text, row.target_id)
            _write_next(&self.entries.text, row.period_id)
            _write_next(&self.entries.text, reason_number)
            if is_stated:
                _put(&self.entries.text, c",")
                _write_object(&self.entries.text, stated)
            else:
                _write_next(&self.entries.text, moved)
            _write_next(&self.entries.text, row.value)
            row.value += moved
            row.updated_at = received_at
            _write_next(&self.entries.text, row.value)
            _end_item(self.entries)
            if goal is not None:
                reached = _is_reached(row.value, goal)
                if reached and not row.achieved_by:
                    row.achieved_at = at
                    if not log_id[0]:
                        log_id[0] = cause.event.key.log_id
                    row.achieved_by = log_id[0]
                    self.note(row, achieved_kind, at)
                elif revokes and not reached and row.achieved_by:
                    row.achieved_at = row.achieved_by = 0
                    self.note(row, _UNACHIEVED_KIND, at)
            if not -_VALUE_MAX < row.value < _VALUE_MAX:
                self.put(_progress(row))
        return 0

    cdef int add_to_boxed(self, target, amount, cause, reason, stated, achieved, bint revokes) except -1:
        """Have the reference change one row, whatever its numbers are."""
        key = ProgressKey(target[0], target[1])
        reference = _rows_py.Rows({key: self[key]})
        reference.add((target,), amount, cause, reason, stated, achieved, revokes)
        self.put(reference[key])
        for entry in reference.entries:
            self.entries.append(entry)
        for outcome in reference.outcomes:
            self.outcomes.append(outcome)
        return 0

    cdef int note(self, Row* row, int kind, int64_t at) except -1:
        """Note the outcome of a row."""
        cdef Text* text = &self.outcomes.text
        _begin_item(text)
        _write(text, kind)
        _write_next(text, row.target_id)
        _write_next(text, row.period_id)
        _write_next(text, at)
        _write_next(text, row.value)
        _write_next(text, 0)
        _end_item(self.outcomes)
        return 0

    cdef bytes packed(self):
        """Return the bytes of all rows: a msgpack array."""
        cdef Text text = Text(NULL, 0, 0)
        cdef Py_ssize_t place
        cdef bytes made
        cdef Row* row
        try:
            _make_room(&text, 5 + self.count * ROW_MAX)
            if self.count < 16:
                _put(&text, 0x90 | self.count)
            elif self.count < 1 << 16:
                _put_bytes(&text, 0xDC, self.count, 2)
            else:
                _put_bytes(&text, 0xDD, self.count, 4)
            for place in range(self.count):
                row = &self.rows[place]
                if row.boxed != NULL:
                    made = pack(<object> row.boxed)
                    _make_room(&text, PyBytes_GET_SIZE(made) + (self.count - place) * ROW_MAX)
                    memcpy(text.start + text.size, PyBytes_AS_STRING(made), PyBytes_GET_SIZE(made))
                    text.size += PyBytes_GET_SIZE(made)
                    continue
                _put(&text, 0x99)
                _pack(&text, row.target_id)
                _pack(&text, row.period_id)
                _pack(&text, row.value)
                _pack(&text, row.enrolled_at)
                _pack(&text, row.updated_at)
                _pack(&text, row.achieved_at)
                _pack(&text, row.achieved_by)
                _pack(&text, row.triggers)
                _put(&text, 0x90)
            return PyBytes_FromStringAndSize(text.start, text.size)
        finally:
            PyMem_Free(text.start)

    cdef Py_ssize_t place_of(self, int64_t target_id, int64_t period_id) noexcept:
        """Return where the row of a key stands, or belongs."""
        cdef Py_ssize_t low = 0, high = self.count, middle
        cdef Row* row
        while low < high:
            middle = (low + high) >> 1
            row = &self.rows[middle]
            if row.target_id < target_id or (row.target_id == target_id and row.period_id < period_id):
                low = middle + 1
            else:
                high = middle
        return low

    cdef Row* find(self, int64_t target_id, int64_t period_id) noexcept:
        """Return the row of a key, NULL if there is none."""
        cdef Py_ssize_t place = self.place_of(target_id, period_id)
        if place == self.count:
            return NULL
        cdef Row* row = &self.rows[place]
        return row if row.target_id == target_id and row.period_id == period_id else NULL

    cdef Row* row(self, int64_t target_id, int64_t period_id, int64_t at, int64_t received_at) except NULL:
        """Return the row of a key; a row that begins now is noted, and its `updated_at` is -1."""
        cdef Row* row = self.find(target_id, period_id)
        if row != NULL:
            return row
        row = self.insert(target_id, period_id)
        row.enrolled_at = at
        row.updated_at = -1
        self.note(row, _ENROLLED_KIND, at)
        return row

    cdef Row* insert(self, int64_t target_id, int64_t period_id) except NULL:
        """Return a new row of zeros at the place of its key."""
        cdef Py_ssize_t place
        if self.count == self.room:
            self.grow(2 * self.count + 16)
        place = self.place_of(target_id, period_id)
        cdef Row* row = &self.rows[place]
        memmove(row + 1, row, (self.count - place) * sizeof(Row))
        self.count += 1
        row[0] = Row(target_id, period_id, 0, 0, 0, 0, 0, 0, NULL)
        return row

    cdef int put(self, progress) except -1:
        """Put a row in place of the one of its key: as eight numbers if it is that, else as it is."""
        cdef Row made = Row(progress.target_id, progress.period_id, 0, 0, 0, 0, 0, 0, NULL)
        cdef bint fits = not progress.days
        cdef Row* row = self.find(made.target_id, made.period_id)
        if row == NULL:
            row = self.insert(made.target_id, made.period_id)
        fits = fits and _number(progress.value, &made.value) and -_VALUE_MAX < made.value < _VALUE_MAX
        fits = fits and _number(progress.enrolled_at, &made.enrolled_at)
        fits = fits and _number(progress.updated_at, &made.updated_at) and made.updated_at >= 0
        fits = fits and _number(progress.achieved_at, &made.achieved_at)
        fits = fits and _number(progress.achieved_by, &made.achieved_by)
        fits = fits and _number(progress.triggers, &made.triggers)
        if not fits:
            Py_INCREF(progress)
            made.boxed = <PyObject*> progress
            made.updated_at = 0
        Py_XDECREF(row.boxed)
        row[0] = made
        return 0

    cdef int grow(self, Py_ssize_t room) except -1:
        rows = <Row*> PyMem_Realloc(self.rows, room * sizeof(Row))
        if rows == NULL:
            raise MemoryError
        self.rows = rows
        self.room = room
        return 0

    cdef int clear(self) except -1:
        """Forget all rows."""
        cdef Py_ssize_t place
        for place in range(self.count):
            Py_XDECREF(self.rows[place].boxed)
        self.count = 0
        return 0

    cdef bint unpack(self, bytes packed) except -1:
        """Take the rows of a msgpack array; return whether all of them are eight numbers. If not, some were taken."""
        cdef const uint8_t* at = <const uint8_t*> PyBytes_AS_STRING(packed)
        cdef const uint8_t* end = at + PyBytes_GET_SIZE(packed)
        cdef Py_ssize_t count, place
        cdef Row* row
        if at < end and 0x90 <= at[0] < 0xA0:
            count = at[0] & 0x0F
            at += 1
        elif at + 3 <= end and at[0] == 0xDC:
            count = at[1] << 8 | at[2]
            at += 3
        else:
            return False
        self.grow(count + 16)
        for place in range(count):
            row = &self.rows[place]
            row.boxed = NULL
            if at == end or at[0] != 0x99:
                return False
            at += 1
            if not (
                _unpack(&at, end, &row.target_id)
                and _unpack(&at, end, &row.period_id)
                and _unpack(&at, end, &row.value)
                and _unpack(&at, end, &row.enrolled_at)
                and _unpack(&at, end, &row.updated_at)
                and _unpack(&at, end, &row.achieved_at)
                and _unpack(&at, end, &row.achieved_by)
                and _unpack(&at, end, &row.triggers)
            ):
                return False
            if at == end or at[0] != 0x90 or not -_VALUE_MAX < row.value < _VALUE_MAX or row.updated_at < 0:
                return False
            at += 1
            self.count = place + 1
        return at == end


cdef object _progress(Row* row):
    """Return the row as the `Progress` that it is."""
    if row.boxed != NULL:
        return <object> row.boxed
    return Progress(
        row.target_id,
        row.period_id,
        row.value,
        row.enrolled_at,
        row.updated_at,
        row.achieved_at,
        row.achieved_by,
        row.triggers,
    )


cdef bint _number(value, int64_t* found) except -1:
    """Take a number; return whether it fits."""
    cdef int overflow
    found[0] = PyLong_AsLongLongAndOverflow(value, &overflow)
    return not overflow


cdef bint _is_reached(int64_t value, goal) except -1:
    cdef int overflow
    cdef int64_t least = PyLong_AsLongLongAndOverflow(goal, &overflow)
    return overflow < 0 or (not overflow and value >= least)


cdef int _write_object(Text* text, value) except -1:
    """Write a whole number of any size."""
    cdef int overflow
    cdef int64_t fits = PyLong_AsLongLongAndOverflow(value, &overflow)
    cdef bytes digits
    if not overflow:
        _make_room(text, TEXT_MAX)
        _write(text, fits)
        return 0
    digits = b"%d" % value
    _make_room(text, TEXT_MAX + PyBytes_GET_SIZE(digits))
    memcpy(text.start + text.size, PyBytes_AS_STRING(digits), PyBytes_GET_SIZE(digits))
    text.size += PyBytes_GET_SIZE(digits)
    return 0


cdef int _end_item(Journal journal) except -1:
    _put(&journal.text, c"]")
    journal.count += 1
    return 0


cdef int _make_room(Text* text, Py_ssize_t more) except -1:
    cdef Py_ssize_t room
    if text.size + more > text.room:
        room = 2 * (text.size + more)
        start = <char*> PyMem_Realloc(text.start, room)
        if start == NULL:
            raise MemoryError
        text.start = start
        text.room = room
    return 0


cdef int _begin_item(Text* text) except -1:
    _make_room(text, TEXT_MAX)
    _put(text, c"," if text.size else c"[")
    _put(text, c"[")
    return 0


cdef inline void _put(Text* text, int byte) noexcept:
    text.start[text.size] = <char> byte
    text.size += 1


cdef inline void _write_next(Text* text, int64_t value) noexcept:
    _put(text, c",")
    _write(text, value)


cdef inline void _write(Text* text, int64_t value) noexcept:
    """Write *value* as decimal digits."""
    cdef char digits[20]
    cdef int place = 20
    cdef uint64_t rest = <uint64_t> value
    if value < 0:
        _put(text, c"-")
        rest = 0 - rest
    while True:
        place -= 1
        digits[place] = <char> (48 + rest % 10)
        rest //= 10
        if not rest:
            break
    memcpy(text.start + text.size, &digits[place], 20 - place)
    text.size += 20 - place


cdef inline void _put_bytes(Text* text, int head, uint64_t value, int width) noexcept:
    """Put *value* big-endian, after a head that says what it is."""
    cdef int place
    _put(text, head)
    for place in range(width):
        text.start[text.size + width - 1 - place] = <char> (value & 0xFF)
        value >>= 8
    text.size += width


cdef inline void _pack(Text* text, int64_t value) noexcept:
    """Put *value* in the shortest form that msgpack has for it."""
    if value >= 0:
        if value < 1 << 7:
            _put(text, <int> value)
        elif value < 1 << 8:
            _put_bytes(text, 0xCC, value, 1)
        elif value < 1 << 16:
            _put_bytes(text, 0xCD, value, 2)
        elif value < <int64_t> 1 << 32:
            _put_bytes(text, 0xCE, value, 4)
        else:
            _put_bytes(text, 0xCF, value, 8)
    elif value >= -(1 << 5):
        _put(text, <int> value)
    elif value >= -(1 << 7):
        _put_bytes(text, 0xD0, value, 1)
    elif value >= -(1 << 15):
        _put_bytes(text, 0xD1, value, 2)
    elif value >= -(<int64_t> 1 << 31):
        _put_bytes(text, 0xD2, value, 4)
    else:
        _put_bytes(text, 0xD3, value, 8)


cdef inline bint _unpack(const uint8_t** at, const uint8_t* end, int64_t* value) noexcept:
    """Take a number; return whether there is one that fits."""
    cdef const uint8_t* here = at[0]
    cdef uint64_t bits = 0
    cdef int head, width, place
    if here == end:
        return False
    head = here[0]
    here += 1
    if head < 0x80 or head >= 0xE0:
        value[0] = head if head < 0x80 else head - 0x100
        at[0] = here
        return True
    if not 0xCC <= head <= 0xD3:
        return False
    width = 1 << (head & 3)
    if end - here < width:
        return False
    for place in range(width):
        bits = bits << 8 | here[place]
    if head == 0xCF and bits >> 63:
        return False
    if head >= 0xD0 and width < 8 and bits >> (8 * width - 1):
        bits |= ~<uint64_t> 0 << (8 * width)
    value[0] = <int64_t> bits
    at[0] = here + width
    return True
