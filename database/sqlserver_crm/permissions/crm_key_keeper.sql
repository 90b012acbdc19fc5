-- What DECRYPTBYKEYAUTOCERT and OPEN SYMMETRIC KEY ask for. Nobody else has it but the ETL's role.
GRANT CONTROL ON CERTIFICATE::crm_personal_data_certificate TO crm_key_keeper;
GO
GRANT VIEW DEFINITION ON SYMMETRIC KEY::crm_personal_data_key TO crm_key_keeper;
