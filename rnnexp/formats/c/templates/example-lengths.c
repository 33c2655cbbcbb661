static const int32_t IN_FLASH lengths[SEQUENCES] = {
$numbers
};

