/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cppcheck.h: other people's macros, as far as cppcheck must know them: it reads no system headers.
 */
#define LIBBPF_OPTS(type, name, ...)	     struct type name = { __VA_ARGS__ }
#define DECLARE_LIBBPF_OPTS(type, name, ...) struct type name = { __VA_ARGS__ }
#define DECLARE_LIBXDP_OPTS(type, name, ...) struct type name = { __VA_ARGS__ }

#define json_array_foreach(array, i, value)                                                        \
	for (i = 0; i < json_array_size(array) && (value = json_array_get(array, i)); i++)
#define json_object_foreach(object, key, value)                                                    \
	for (key = json_object_iter_key(json_object_iter(object));                                 \
	     key && (value = json_object_iter_value(json_object_key_to_iter(key)));                \
	     key = json_object_iter_key(                                                           \
		     json_object_iter_next(object, json_object_key_to_iter(key))))

#define mnl_attr_for_each(attr, message, offset)                                                   \
	for (attr = mnl_nlmsg_get_payload_offset(message, offset);                                 \
	     mnl_attr_ok(attr, mnl_nlmsg_get_payload_tail(message)); attr = mnl_attr_next(attr))
#define mnl_attr_for_each_nested(attr, nest)                                                       \
	for (attr = mnl_attr_get_payload(nest); mnl_attr_ok(attr, nest); attr = mnl_attr_next(attr))
#define mnl_attr_for_each_payload(payload, size)                                                   \
	for (const struct nlattr *attr = payload; mnl_attr_ok(attr, size);                         \
	     attr = mnl_attr_next(attr))
