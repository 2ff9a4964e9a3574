# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, embedsignature=True
"""The twin of `summing.add_up` in machine code: rows of progress, from their stored bytes to their stored bytes.

A row is eight numbers and has no days; whatever does not fit into 64 bits is left to `summing` (decision 0025). The bytes
are those that msgspec makes of `Progress`, the texts those that it makes of `Entry` and `Outcome`.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy, memmove

cdef enum:
    # OutcomeKind and Reason of model.standing; a test holds them against each other.
    _ENROLLED = 1
    _ACHIEVED = 3
    _COUNTED = 1
    _RETURNED = 2

ENROLLED, ACHIEVED, COUNTED, RETURNED = _ENROLLED, _ACHIEVED, _COUNTED, _RETURNED
NEVER = 1 << 62

cdef int64_t _NEVER = <int64_t> 1 << 62
cdef int64_t _VALUE_MAX = <int64_t> 1 << 61
"""How large a value may be, so that one more amount cannot overflow."""

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


cdef struct Text:
    char* start
    Py_ssize_t size
    Py_ssize_t room


cdef class Tally:
    """Rows of progress in the order of their keys, and what was told of them since `told` was asked."""

    cdef Row* rows
    cdef Py_ssize_t count
    cdef Py_ssize_t room
    cdef int64_t value_max
    cdef Text entries
    cdef Text outcomes

    def __dealloc__(self):
        PyMem_Free(self.rows)
        PyMem_Free(self.entries.start)
        PyMem_Free(self.outcomes.start)

    def add_up(self, list added, int64_t at, int64_t received_at, log_id):
        """Add to the rows that *added* names: pairs of spots (`rules.matching.RowTarget`) and the amount for each of them.

        *at* and *received_at* are epoch seconds, *log_id* gives the number of the event when it is called. Returns when the
        first of the periods closes in which a row began, NEVER if none did; None if an amount may be too large, when
        nothing was done.
        """
        cdef int64_t closing = _NEVER, amount
        cdef Py_ssize_t place
        cdef Row* row
        if not self.have_room_for(added):
            return None
        achieved_by = None
        for one in added:
            amount = <object> PyTuple_GET_ITEM(one, 1)
            found = <object> PyTuple_GET_ITEM(one, 0)
            for place in range(PyTuple_GET_SIZE(found)):
                spot = <object> PyTuple_GET_ITEM(found, place)
                row = self.row(<object> PyTuple_GET_ITEM(spot, 0), <object> PyTuple_GET_ITEM(spot, 1), at)
                if row.updated_at < 0:
                    closing = min(closing, <int64_t> (<object> PyTuple_GET_ITEM(spot, 3)))
                row.updated_at = received_at
                self.entry(row, _COUNTED, amount)
                if not row.achieved_by and _is_reached(row.value, <object> PyTuple_GET_ITEM(spot, 2)):
                    if achieved_by is None:
                        achieved_by = log_id()
                    row.achieved_at = at
                    row.achieved_by = achieved_by
                    self.outcome(row, _ACHIEVED, at)
        return closing

    def take_back(self, list taken, int64_t received_at, bint revoking):
        """Take from the rows that *taken* names: pairs as of `add_up`, the amount is that which was added.

        Returns whether that was done; not if a row is missing, would be achieved, or, *revoking*, would be achieved no
        more.
        """
        cdef int64_t amount
        cdef Py_ssize_t place
        cdef Row* row
        cdef bint reached
        if not self.have_room_for(taken):
            return False
        for one in taken:
            amount = <object> PyTuple_GET_ITEM(one, 1)
            found = <object> PyTuple_GET_ITEM(one, 0)
            for place in range(PyTuple_GET_SIZE(found)):
                spot = <object> PyTuple_GET_ITEM(found, place)
                row = self.find(<object> PyTuple_GET_ITEM(spot, 0), <object> PyTuple_GET_ITEM(spot, 1))
                if row == NULL:
                    return False
                goal = <object> PyTuple_GET_ITEM(spot, 2)
                if goal is not None:
                    reached = _is_reached(row.value - amount, goal)
                    if reached != (row.achieved_by != 0) and (reached or revoking):
                        return False
        for one in taken:
            amount = <object> PyTuple_GET_ITEM(one, 1)
            found = <object> PyTuple_GET_ITEM(one, 0)
            for place in range(PyTuple_GET_SIZE(found)):
                spot = <object> PyTuple_GET_ITEM(found, place)
                row = self.find(<object> PyTuple_GET_ITEM(spot, 0), <object> PyTuple_GET_ITEM(spot, 1))
                row.updated_at = received_at
                self.entry(row, _RETURNED, -amount)
        return True

    def told(self):
        """Return the texts of the entries and the outcomes since this was asked last: JSON arrays."""
        return _taken(&self.entries), _taken(&self.outcomes)

    def packed(self):
        """Return the bytes of all rows: a msgpack array."""
        cdef Text text = Text(NULL, 0, 0)
        cdef Py_ssize_t place
        _make_room(&text, 5 + self.count * ROW_MAX)
        if self.count < 16:
            _put(&text, 0x90 | self.count)
        elif self.count < 1 << 16:
            _put_bytes(&text, 0xDC, self.count, 2)
        else:
            _put_bytes(&text, 0xDD, self.count, 4)
        for place in range(self.count):
            row = &self.rows[place]
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
        made = PyBytes_FromStringAndSize(text.start, text.size)
        PyMem_Free(text.start)
        return made

    cdef bint have_room_for(self, list amounts) except -1:
        """Return whether each of the *amounts*, beside their spots, may be added to or taken from any row."""
        cdef int64_t amount, largest = 0
        cdef int overflow
        for one in amounts:
            amount = PyLong_AsLongLongAndOverflow(<object> PyTuple_GET_ITEM(one, 1), &overflow)
            if overflow or not -_VALUE_MAX < amount < _VALUE_MAX:
                return False
            largest = max(largest, amount, -amount)
        if self.value_max > _VALUE_MAX - largest:
            return False
        self.value_max += largest
        return True

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
        cdef Row* row = &self.rows[place]
        return row if place < self.count and row.target_id == target_id and row.period_id == period_id else NULL

    cdef Row* row(self, int64_t target_id, int64_t period_id, int64_t at) except NULL:
        """Return the row of a key; one that begins now was never updated: its `updated_at` is -1."""
        cdef Py_ssize_t place
        cdef Row* row = self.find(target_id, period_id)
        if row != NULL:
            return row
        if self.count == self.room:
            self.grow(self.count + 16)
        place = self.place_of(target_id, period_id)
        row = &self.rows[place]
        memmove(row + 1, row, (self.count - place) * sizeof(Row))
        self.count += 1
        row[0] = Row(target_id, period_id, 0, at, -1, 0, 0, 0)
        self.outcome(row, _ENROLLED, at)
        return row

    cdef int grow(self, Py_ssize_t room) except -1:
        rows = <Row*> PyMem_Realloc(self.rows, room * sizeof(Row))
        if rows == NULL:
            raise MemoryError
        self.rows = rows
        self.room = room
        return 0

    cdef int entry(self, Row* row, int reason, int64_t amount) except -1:
        """Change the value of *row* by *amount*, and say so."""
        cdef Text* text = &self.entries
        _begin_item(text)
        _write(text, row.target_id)
        _write_next(text, row.period_id)
        _write_next(text, reason)
        _write_next(text, amount)
        _write_next(text, row.value)
        row.value += amount
        _write_next(text, row.value)
        _put(text, c"]")
        return 0

    cdef int outcome(self, Row* row, int kind, int64_t at) except -1:
        cdef Text* text = &self.outcomes
        _begin_item(text)
        _write(text, kind)
        _write_next(text, row.target_id)
        _write_next(text, row.period_id)
        _write_next(text, at)
        _write_next(text, row.value)
        _write_next(text, 0)
        _put(text, c"]")
        return 0

    cdef bint unpack(self, bytes packed) except -1:
        """Take the rows of a msgpack array; return whether all of them are as rows are here."""
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
            if at == end or at[0] != 0x90 or not -_VALUE_MAX < row.value < _VALUE_MAX:
                return False
            at += 1
            self.value_max = max(self.value_max, row.value, -row.value)
        self.count = count
        return at == end


def tally(bytes packed):
    """Return the tally of rows that are *packed* (see `Tally.packed`); None if they hold what it has no place for."""
    made = Tally()
    return made if (<Tally> made).unpack(packed) else None


def contributions(sums, context):
    """The twin of `summing.amounts`."""
    cdef list found = []
    cdef Py_ssize_t position = -1
    event = context.event
    instant, payload = event.occurred_at, event.payload
    at_schedule = last_read = value = None
    read_before = {}
    for one in sums:
        schedule = <object> PyTuple_GET_ITEM(one, 3)
        if schedule is not at_schedule:
            at_schedule = schedule
            position = (<object> PyTuple_GET_ITEM(one, 0)).position(instant)
        if position < 0:
            continue
        predicate = <object> PyTuple_GET_ITEM(one, 1)
        read = <object> PyTuple_GET_ITEM(one, 2)
        if read is None:
            amount = (<object> PyTuple_GET_ITEM(one, 0)).amount(context)
        elif predicate is not None and not predicate(context):
            continue
        elif read is last_read:
            amount = value
        else:
            if read not in read_before:
                read_before[read] = read(payload)
            last_read, amount = read, read_before[read]
            value = amount
        if amount is not None:
            found.append((<object> PyTuple_GET_ITEM(<object> PyTuple_GET_ITEM(one, 4), position), amount))
    return found


cdef bint _is_reached(int64_t value, goal) except -1:
    cdef int overflow
    cdef int64_t least
    if goal is None:
        return False
    least = PyLong_AsLongLongAndOverflow(goal, &overflow)
    return overflow < 0 or (not overflow and value >= least)


cdef bytes _taken(Text* text):
    if not text.size:
        return b"[]"
    _make_room(text, 1)
    _put(text, c"]")
    made = PyBytes_FromStringAndSize(text.start, text.size)
    text.size = 0
    return made


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
