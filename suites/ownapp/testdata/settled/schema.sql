-- What the ledger would make itself, were it not prepared. Its migration adds to it.
create table payments (
	id bigserial primary key,
	key text not null constraint one_payment_per_key unique,
	account text not null,
	amount bigint not null,
	region text not null
);
