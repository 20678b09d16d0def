console.log(`ready ${performance.now()}`);
