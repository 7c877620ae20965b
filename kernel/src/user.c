/* Checks on what user code passes in. The kernel cannot take a fault of its own (the vector is not
 * re-entrant), so every pointer is checked before the first access. */
#include "kernel.h"

/* A string that ends before the user range does; returns its length or -1. */
int user_string(u32 address) {
    if (address < USER_START)
        return -1;
    for (u32 p = address; p < USER_END; p++)
        if (!*(const char *)p)
            return p - address;
    return -1;
}

/* o32 passes arguments 4, 5, ... at 16($sp), 20($sp), ... */
int stack_argument(int index, u32 *value) {
    u32 address = current->r[SP] + 4 * index;
    if (!user_words(address, 1))
        return -EFAULT;
    *value = WORD(address);
    return 0;
}
