#pragma once
#include <openssl/evp.h>
#include <openssl/err.h>

// EVP_PKEY_ED25519 is a macro over a NID that is itself a macro: fixed here so that Swift sees one constant.
static const int COpenSSL_ed25519 = EVP_PKEY_ED25519;
