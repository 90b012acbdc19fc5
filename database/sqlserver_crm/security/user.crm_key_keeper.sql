-- Whose rights procedures that encrypt and decrypt run with. Nobody signs in as it; who may call them needs no right to the key.
CREATE USER crm_key_keeper WITHOUT LOGIN;
