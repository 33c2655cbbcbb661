static int $function(const $type *found, const $type FLASH *codes, int count)
{
    int i, same = 1;
    for (i = 0; i < count; i++) {
        same = same && found[i] == codes[i];
    }
    return same;
}

