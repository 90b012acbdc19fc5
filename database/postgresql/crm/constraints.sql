-- PromptCRM: keys, the indexes that its own queries use, change tracking.
ALTER TABLE crm.cities       ADD PRIMARY KEY (city_id);
ALTER TABLE crm.customers    ADD PRIMARY KEY (customer_id);
ALTER TABLE crm.leads        ADD PRIMARY KEY (lead_id);
ALTER TABLE crm.orders       ADD PRIMARY KEY (order_id);
ALTER TABLE crm.interactions ADD PRIMARY KEY (interaction_id);

ALTER TABLE crm.customers    ADD FOREIGN KEY (city_id) REFERENCES crm.cities;
ALTER TABLE crm.leads        ADD FOREIGN KEY (customer_id) REFERENCES crm.customers;
ALTER TABLE crm.orders       ADD FOREIGN KEY (customer_id) REFERENCES crm.customers, ADD FOREIGN KEY (city_id) REFERENCES crm.cities;
ALTER TABLE crm.interactions ADD FOREIGN KEY (customer_id) REFERENCES crm.customers;

CALL tracking.track('crm.cities', 'city_id');
CALL tracking.track('crm.customers', 'customer_id');
CALL tracking.track('crm.leads', 'lead_id');
CALL tracking.track('crm.orders', 'order_id');
CALL tracking.track('crm.interactions', 'interaction_id');
