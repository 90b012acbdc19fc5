-- The key of contact hashes, one row: the inner and the outer block of HMAC-SHA-256 (RFC 2104), both under AES-256. Written by crm.set_contact_hash_key.
CREATE TABLE crm.contact_hash_key (
  only_row        bit            NOT NULL CONSTRAINT pk_contact_hash_key PRIMARY KEY CONSTRAINT ck_contact_hash_key_only_row CHECK (only_row = 1),
  inner_encrypted varbinary(200) NOT NULL,
  outer_encrypted varbinary(200) NOT NULL,
  created_at      datetime2(7)   NOT NULL CONSTRAINT df_contact_hash_key_created_at DEFAULT SYSUTCDATETIME()
);
