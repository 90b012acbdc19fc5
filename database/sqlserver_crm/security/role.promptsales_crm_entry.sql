-- Applications that enter customers and look them up by a contact.
CREATE ROLE promptsales_crm_entry AUTHORIZATION dbo;
