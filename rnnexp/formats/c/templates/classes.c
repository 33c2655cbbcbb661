
$class_function
const char *const ${p}_class_names[$classes] = {
$class_names
};
