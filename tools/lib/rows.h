/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of the settings by their types, for the functions and the parser
 * that each row has. The arguments of X are the row's name in structs and in
 * the collectors, its attribute without the prefix, and the names of its setter
 * and its getter without kssl_ or kssl_ctx_; then what the type needs.
 *
 * method, role, timeout, session, options, mode, ex_data and the callbacks are
 * like no others and not here.
 */
#ifndef KSSL_ROWS_H
#define KSSL_ROWS_H

/* Numbers, the type being that of the attribute, too. */
#define KSSL_ROWS_NUMBER(X)						\
	X(min_proto, MIN_PROTO, set_min_proto_version,			\
	  get_min_proto_version, uint16_t)				\
	X(max_proto, MAX_PROTO, set_max_proto_version,			\
	  get_max_proto_version, uint16_t)				\
	X(security_level, SECURITY_LEVEL, set_security_level,		\
	  get_security_level, uint8_t)					\
	X(dh_auto, DH_AUTO, set_dh_auto, get_dh_auto, uint8_t)		\
	X(verify_mode, VERIFY_MODE, set_verify_mode,			\
	  get_verify_mode, uint32_t)					\
	X(verify_depth, VERIFY_DEPTH, set_verify_depth,			\
	  get_verify_depth, int32_t)					\
	X(verify_flags, VERIFY_FLAGS, set_verify_flags,			\
	  get_verify_flags, uint32_t)					\
	X(verify_purpose, VERIFY_PURPOSE, set_purpose,			\
	  get_purpose, uint8_t)						\
	X(verify_trust, VERIFY_TRUST, set_trust, get_trust, uint8_t)	\
	X(verify_host_flags, VERIFY_HOST_FLAGS, set_hostflags,		\
	  get_hostflags, uint32_t)					\
	X(verify_time, VERIFY_TIME, set_verify_time,			\
	  get_verify_time, uint64_t)					\
	X(verify_auth_level, VERIFY_AUTH_LEVEL, set_verify_auth_level,	\
	  get_verify_auth_level, int32_t)				\
	X(max_cert_list, MAX_CERT_LIST, set_max_cert_list,		\
	  get_max_cert_list, uint32_t)					\
	X(dane_flags, DANE_FLAGS, set_dane_flags,			\
	  get_dane_flags, uint32_t)					\
	X(certificate_current, CERTIFICATE_CURRENT, set_current_cert,	\
	  get_current_cert, uint8_t)					\
	X(num_tickets, NUM_TICKETS, set_num_tickets,			\
	  get_num_tickets, uint32_t)					\
	X(max_early_data, MAX_EARLY_DATA, set_max_early_data,		\
	  get_max_early_data, uint32_t)					\
	X(recv_max_early_data, RECV_MAX_EARLY_DATA, set_recv_max_early_data, \
	  get_recv_max_early_data, uint32_t)				\
	X(psk_key, PSK_KEY, set_psk_key, get_psk_key, uint32_t)		\
	X(max_fragment_len, MAX_FRAGMENT_LEN, set_tlsext_max_fragment_length, \
	  get_tlsext_max_fragment_length, uint8_t)			\
	X(block_padding, BLOCK_PADDING, set_block_padding,		\
	  get_block_padding, uint32_t)					\
	X(max_send_fragment, MAX_SEND_FRAGMENT, set_max_send_fragment,	\
	  get_max_send_fragment, uint32_t)				\
	X(split_send_fragment, SPLIT_SEND_FRAGMENT, set_split_send_fragment, \
	  get_split_send_fragment, uint32_t)

/* On or off, 8 bits in the attribute. */
#define KSSL_ROWS_BOOL(X)						\
	X(trust_system, TRUST_SYSTEM, set_trust_system,			\
	  get_trust_system)						\
	X(dane_enabled, DANE_ENABLED, set_dane_enabled,			\
	  get_dane_enabled)						\
	X(read_ahead, READ_AHEAD, set_read_ahead, get_read_ahead)	\
	X(quiet_shutdown, QUIET_SHUTDOWN, set_quiet_shutdown,		\
	  get_quiet_shutdown)						\
	X(share, SHARE, set_share, get_share)				\
	X(keep, KEEP, set_keep, get_keep)

/* Lists of 16-bit codes. */
#define KSSL_ROWS_CODES(X)						\
	X(cipher_list, CIPHER_LIST, set_cipher_list, get_cipher_list)	\
	X(ciphersuites, CIPHERSUITES, set_ciphersuites,			\
	  get_ciphersuites)						\
	X(groups, GROUPS, set_groups, get_groups)			\
	X(sigalgs, SIGALGS, set_sigalgs, get_sigalgs)			\
	X(client_sigalgs, CLIENT_SIGALGS, set_client_sigalgs,		\
	  get_client_sigalgs)

/* Lists of serial numbers of keys. */
#define KSSL_ROWS_KEYS(X)						\
	X(ticket_keys, TICKET_KEYS, set_tlsext_ticket_keys,		\
	  get_tlsext_ticket_keys)

/* Text; the last argument is its greatest length. */
#define KSSL_ROWS_TEXT(X)						\
	X(verify_email, VERIFY_EMAIL, set_verify_email,			\
	  get_verify_email, KSSL_NAME_MAX)				\
	X(psk_identity_hint, PSK_IDENTITY_HINT, use_psk_identity_hint,	\
	  get_psk_identity_hint, KSSL_PSK_IDENTITY_MAX)			\
	X(psk_identity, PSK_IDENTITY, set_psk_identity,			\
	  get_psk_identity, KSSL_PSK_IDENTITY_MAX)			\
	X(sni, SNI, set_tlsext_host_name,				\
	  get_tlsext_host_name, KSSL_NAME_MAX)				\
	X(label, LABEL, set_label, get_label, KSSL_LABEL_MAX)

/* Bytes. */
#define KSSL_ROWS_BYTES(X)						\
	X(tmp_dh, TMP_DH, set_tmp_dh, get_tmp_dh)			\
	X(verify_hosts, VERIFY_HOSTS, set_verify_hosts,			\
	  get_verify_hosts)						\
	X(verify_ip, VERIFY_IP, set_verify_ip, get_verify_ip)		\
	X(trust_anchors, TRUST_ANCHORS, set_trust_anchors,		\
	  get_trust_anchors)						\
	X(crls, CRLS, set_crls, get_crls)				\
	X(dane_mtypes, DANE_MTYPES, set_dane_mtypes, get_dane_mtypes)	\
	X(dane_tlsa, DANE_TLSA, set_dane_tlsa, get_dane_tlsa)		\
	X(ca_list, CA_LIST, set_ca_list, get_ca_list)			\
	X(client_ca_list, CLIENT_CA_LIST, set_client_ca_list,		\
	  get_client_ca_list)						\
	X(client_cert_types, CLIENT_CERT_TYPES, set_client_certificate_types, \
	  get_client_certificate_types)					\
	X(session_id_context, SESSION_ID_CONTEXT, set_session_id_context, \
	  get_session_id_context)					\
	X(alpn, ALPN, set_alpn_protos, get_alpn_protos)			\
	X(serverinfo, SERVERINFO, use_serverinfo, get_serverinfo)	\
	X(serverinfo_v2, SERVERINFO_V2, use_serverinfo_v2,		\
	  get_serverinfo_v2)						\
	X(custom_extensions, CUSTOM_EXTENSIONS, set_custom_extensions,	\
	  get_custom_extensions)

/* Bytes, one row for each slot of a certificate. */
#define KSSL_ROWS_SLOT_BYTES(X)						\
	X(certificate, CERTIFICATE, use_certificate, get_certificate)	\
	X(chain, CHAIN, set_chain, get_chain)				\
	X(ocsp, OCSP, set_tlsext_status_ocsp_resp,			\
	  get_tlsext_status_ocsp_resp)

/* Serial numbers of keys, one row for each slot. */
#define KSSL_ROWS_SLOT_KEY(X)						\
	X(private_key, PRIVATE_KEY, use_private_key, get_private_key)

#endif /* KSSL_ROWS_H */
